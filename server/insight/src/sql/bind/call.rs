//! Calls of functions that work on one row.

use sqlparser::ast::{
    DuplicateTreatment, Expr as Ast, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    LambdaFunction, OneOrManyWithParens,
};

use super::expr::{Expr, in_json};
use super::select::Frame;
use super::{mismatch, refuse, unsupported};
use crate::sql::functions;
use crate::sql::plan::Const;
use crate::sql::types::Type;
use base::error::Result;

/// The arguments of a call.
pub(super) struct Args<'q> {
    pub list: Vec<&'q Ast>,
    /// `count(*)`.
    pub star: bool,
    pub distinct: bool,
    /// Of `quantile(0.9)(x)`: those in the first parentheses.
    pub params: Vec<&'q Ast>,
}

fn args(call: &Function) -> Result<Args<'_>> {
    let odd = call.over.is_some()
        || call.filter.is_some()
        || call.null_treatment.is_some()
        || !call.within_group.is_empty()
        || call.uses_odbc_syntax;
    if odd {
        return Err(unsupported("OVER, FILTER, WITHIN GROUP or NULLS after a call"));
    }
    let mut found = Args { list: Vec::new(), star: false, distinct: false, params: Vec::new() };
    match &call.parameters {
        FunctionArguments::None => {}
        FunctionArguments::List(list) => found.params = plain(&list.args)?,
        FunctionArguments::Subquery(_) => return Err(unsupported("A subquery as a parameter")),
    }
    let FunctionArguments::List(list) = &call.args else {
        return Err(unsupported("A call without a list of arguments"));
    };
    if !list.clauses.is_empty() {
        return Err(unsupported("A clause inside of a call"));
    }
    found.distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
    match list.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)] => found.star = true,
        args => found.list = plain(args)?,
    }
    Ok(found)
}

fn plain(args: &[FunctionArg]) -> Result<Vec<&Ast>> {
    let mut found = Vec::with_capacity(args.len());
    for arg in args {
        let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = arg else {
            return Err(unsupported("A named argument or *"));
        };
        found.push(expr);
    }
    Ok(found)
}

impl<'q> Frame<'_, 'q> {
    pub(super) fn call(&mut self, call: &'q Function) -> Result<Expr> {
        let name = match call.name.0.as_slice() {
            [part] => part.as_ident().map(|ident| ident.value.to_ascii_lowercase()).unwrap_or_default(),
            _ => return Err(unsupported("A qualified function")),
        };
        let args = args(call)?;
        if functions::is_aggregate(&name) {
            return self.aggregate(&name, &args);
        }
        if args.star || args.distinct || !args.params.is_empty() {
            return Err(refuse(format!("{name} takes neither *, DISTINCT nor parameters.")));
        }
        self.scalar(&name, &args.list)
    }

    /// A function by its lower-case name.
    pub(super) fn scalar(&mut self, name: &str, args: &[&'q Ast]) -> Result<Expr> {
        let keeps_grain = matches!(
            name,
            "todatetime" | "todatetime64" | "fromunixtimestamp64milli" | "tounixtimestamp64milli"
        );
        if !keeps_grain {
            self.grain = None;
        }
        if let Some(bound) = self.time_function(name, args)? {
            return Ok(bound);
        }
        if name == "arrayfilter" {
            return self.array_filter(args);
        }
        let bound = args.iter().map(|arg| self.expr(arg)).collect::<Result<Vec<_>>>()?;
        self.plain_call(name, bound)
    }

    fn plain_call(&mut self, name: &str, args: Vec<Expr>) -> Result<Expr> {
        if let Some(bound) = text_call(name, &args)? {
            return Ok(bound);
        }
        let all: Vec<&Expr> = args.iter().collect();
        let listed = listed(&args);
        Ok(match (name, args.as_slice()) {
            ("concat", [_, ..]) => return self.join_texts(args),
            ("abs", [one]) if one.ty.is_number() => {
                let ty = if one.ty == Type::Float { Type::Float } else { Type::Int };
                Expr::of(&all, format!("abs({listed})"), ty)
            }
            ("round" | "floor" | "ceil", [one]) => return self.round(name, one.clone(), None),
            ("round" | "floor" | "ceil", [one, digits]) => {
                return self.round(name, one.clone(), Some(digits.clone()));
            }
            ("if", [condition, then, otherwise]) => {
                let condition = self.truth(condition.clone())?;
                let ty =
                    then.ty.common(&otherwise.ty).ok_or_else(|| mismatch("if", &then.ty, &otherwise.ty))?;
                let sql =
                    format!("(CASE WHEN {} THEN {} ELSE {} END)", condition.sql, then.sql, otherwise.sql);
                let nullable = then.nullable || otherwise.nullable;
                Expr { nullable, ..Expr::of(&all, sql, ty) }
            }
            ("coalesce", [first, rest @ ..]) => {
                let mut ty = first.ty.clone();
                for one in rest {
                    ty = ty.common(&one.ty).ok_or_else(|| mismatch("coalesce", &ty, &one.ty))?;
                }
                let sql = if rest.is_empty() { first.sql.clone() } else { format!("coalesce({listed})") };
                Expr { nullable: args.iter().all(|arg| arg.nullable), ..Expr::of(&all, sql, ty) }
            }
            ("tostring" | "toint32" | "toint64" | "tofloat64", [one]) => {
                return self.convert(name, one.clone());
            }
            ("has", [array, element]) => self.has(array.clone(), element.clone())?,
            ("hasany" | "hasall", [one, other]) => {
                if one.ty.common(&other.ty).is_none() || !matches!(one.ty, Type::Array(_)) {
                    return Err(mismatch(name, &one.ty, &other.ty));
                }
                Expr::of(&all, format!("ch_{name}({listed})"), Type::Int)
            }
            ("arrayjoin", [array]) => self.array_join(array.clone())?,
            _ => {
                return Err(refuse(format!("{name} does not take {} arguments of these types.", args.len())));
            }
        })
    }

    fn has(&mut self, array: Expr, element: Expr) -> Result<Expr> {
        let Type::Array(of) = &array.ty else {
            return Err(refuse(format!("has needs an array, not {}.", array.ty.name())));
        };
        if of.common(&element.ty).is_none() {
            return Err(mismatch("has", of, &element.ty));
        }
        Ok(Expr::of(&[&array, &element], format!("ch_has({}, {})", array.sql, element.sql), Type::Int))
    }

    /// A row per element, once per array however often it is named.
    fn array_join(&mut self, array: Expr) -> Result<Expr> {
        let Type::Array(of) = array.ty.clone() else {
            return Err(refuse(format!("arrayJoin needs an array, not {}.", array.ty.name())));
        };
        if array.aggregate {
            return Err(refuse("arrayJoin of an aggregate belongs into a query around it."));
        }
        let known = self.exploded.iter().find(|(_, sql)| *sql == array.sql).map(|(alias, _)| alias.clone());
        let alias = match known {
            Some(alias) => alias,
            None => {
                let alias = format!("x{}", self.binder.number());
                self.exploded.push((alias.clone(), array.sql.clone()));
                alias
            }
        };
        Ok(Expr::column(format!("{alias}.value"), *of))
    }

    fn array_filter(&mut self, args: &[&'q Ast]) -> Result<Expr> {
        let [Ast::Lambda(LambdaFunction { params, body, .. }), array] = args else {
            return Err(refuse("arrayFilter needs a function of one parameter and an array."));
        };
        let param = match params {
            OneOrManyWithParens::One(param) => param,
            OneOrManyWithParens::Many(params) if params.len() == 1 => &params[0],
            OneOrManyWithParens::Many(_) => return Err(refuse("arrayFilter's function has one parameter.")),
        };
        let array = self.expr(array)?;
        let Type::Array(of) = array.ty.clone() else {
            return Err(refuse(format!("arrayFilter needs an array, not {}.", array.ty.name())));
        };
        // By depth: the same call must come out the same wherever it is repeated.
        let alias = format!("l{}", self.lambda.len());
        let element = Expr { loose: false, ..Expr::column(format!("{alias}.value"), *of) };
        self.lambda.push((param.name.value.as_str(), element.clone()));
        let condition = self.expr(body);
        self.lambda.pop();
        let condition = self.truth(condition?)?;
        let sql = format!(
            "(SELECT json_group_array({}) FROM json_each({}) AS {alias} WHERE {})",
            in_json(&element),
            array.sql,
            condition.sql
        );
        let ty = array.ty.clone();
        Ok(Expr { nullable: false, ..Expr::of(&[&array, &condition], sql, ty) })
    }

    /// Conversions by name.
    pub(super) fn convert(&mut self, name: &str, from: Expr) -> Result<Expr> {
        let (sql, ty) = match (name, &from.ty) {
            (_, Type::Interval) => return Err(refuse("An interval cannot be converted.")),
            ("tostring", Type::Text | Type::Null) => return Ok(from),
            ("tostring", ty) => (format!("ch_text({}, {})", from.sql, text_kind(ty)), Type::Text),
            ("todate" | "todatetime" | "todatetime64", _) => return self.as_time(name, from),
            (_, Type::Array(_)) => return Err(refuse("An array cannot become a number.")),
            // The number of a time is in seconds, that of a date in days.
            ("tofloat64", Type::Date) => (format!("({} / 86400000.0)", from.sql), Type::Float),
            ("tofloat64", ty) if ty.is_time() => (format!("({} / 1000.0)", from.sql), Type::Float),
            (_, Type::Date) => (format!("({} / 86400000)", from.sql), Type::Int),
            (_, ty) if ty.is_time() => (format!("({} / 1000)", from.sql), Type::Int),
            ("tofloat64", _) => (format!("ch_float({})", from.sql), Type::Float),
            ("toint32", _) => (format!("ch_int({}, 32)", from.sql), Type::Int),
            _ => (format!("ch_int({}, 64)", from.sql), Type::Int),
        };
        Ok(Expr::of(&[&from], sql, ty))
    }

    pub(super) fn round(&mut self, name: &str, number: Expr, digits: Option<Expr>) -> Result<Expr> {
        if !number.ty.is_number() {
            return Err(refuse(format!("{name} needs a number, not {}.", number.ty.name())));
        }
        let digits = match digits.map(|digits| digits.value) {
            None => 0,
            Some(Some(Const::Int(digits))) => digits.clamp(-18, 18),
            Some(_) => return Err(refuse(format!("{name} needs a whole number of digits."))),
        };
        let ty = if number.ty == Type::Float { Type::Float } else { Type::Int };
        if ty == Type::Int && digits >= 0 {
            return Ok(number);
        }
        Ok(Expr::of(&[&number], format!("ch_{name}({}, {digits})", number.sql), ty))
    }
}

/// How `ch_text` writes a value.
fn text_kind(ty: &Type) -> u8 {
    match ty {
        Type::Bool => 1,
        Type::Date => 2,
        Type::DateTime => 3,
        Type::DateTime64 => 4,
        _ => 0,
    }
}

fn listed(args: &[Expr]) -> String {
    args.iter().map(|arg| arg.sql.as_str()).collect::<Vec<_>>().join(", ")
}

/// Functions of texts; `None` when it is no such function.
fn text_call(name: &str, args: &[Expr]) -> Result<Option<Expr>> {
    let texts = |count: usize| match args.get(..count) {
        Some(args) if args.iter().all(|arg| arg.ty == Type::Text) => Ok(()),
        _ => Err(refuse(format!("{name} needs {count} texts."))),
    };
    let all: Vec<&Expr> = args.iter().collect();
    let made = |function: &str, ty| Expr::of(&all, format!("{function}({})", listed(args)), ty);
    Ok(Some(match (name, args) {
        ("lower" | "upper" | "trim", [_]) => {
            texts(1)?;
            made(name, Type::Text)
        }
        ("startswith" | "endswith", [_, _]) => {
            texts(2)?;
            made(&format!("ch_{name}"), Type::Int)
        }
        ("substring", [_, rest @ ..]) if matches!(rest.len(), 1 | 2) => {
            texts(1)?;
            if rest.iter().any(|number| number.ty != Type::Int) {
                return Err(refuse("substring counts in whole numbers."));
            }
            made("ch_substring", Type::Text)
        }
        ("jsonextractstring", [_, path @ ..]) => {
            texts(1)?;
            if path.iter().any(|part| !matches!(part.ty, Type::Text | Type::Int)) {
                return Err(refuse("JSONExtractString takes names and places."));
            }
            made("ch_json_text", Type::Text)
        }
        ("length", [one]) => match &one.ty {
            Type::Text => made("octet_length", Type::Int),
            Type::Array(_) => made("json_array_length", Type::Int),
            ty => return Err(refuse(format!("length needs a text or an array, not {}.", ty.name()))),
        },
        _ => return Ok(None),
    }))
}
